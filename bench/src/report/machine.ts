import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** Where and when the figures were taken. */
export interface Circumstances {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** Others' work in the minute before, in cores: 0 is a quiet machine. */
  readonly loadBefore: number;
  readonly command: string;
}

export function circumstances(command: string, execPath: string): Circumstances {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: execFileSync(execPath, ['--version'], { encoding: 'utf8' }).trim().slice(1),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    loadBefore: loadavg()[0] ?? 0,
    command,
  };
}

export function circumstancesText(where: Circumstances): string {
  const { date, node, cpu, cores, command } = where;
  return `${date}, Node ${node}, ${cpu}, ${cores} cores: \`${command}\``;
}
