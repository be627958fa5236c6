import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import { beforeAll, describe, expect, it } from 'vitest';
import { type GatewayAddress, gatewaysAt } from '../../../lib/discovery/gateways.js';

const TEAMS = /^\/team-\d+$/;

@WebSocketGateway()
class RootGateway {}

@WebSocketGateway(0, { namespace: '/' })
class SlashGateway {}

@WebSocketGateway({ namespace: 'chat' })
class ChatGateway {}

@WebSocketGateway({ namespace: '/chat' })
class SlashChatGateway {}

@WebSocketGateway({ namespace: TEAMS })
class TeamGateway {}

@WebSocketGateway({ path: '/live' })
class LiveGateway {}

/** Nest asks for another server: for it, paths are as they stand. */
@WebSocketGateway({ path: 'live' })
class OtherLiveGateway {}

@WebSocketGateway(8081)
class OwnPortGateway {}

class HeirGateway extends ChatGateway {}

const GATEWAYS = [
  RootGateway,
  SlashGateway,
  ChatGateway,
  SlashChatGateway,
  TeamGateway,
  LiveGateway,
  OtherLiveGateway,
  OwnPortGateway,
  HeirGateway,
];

let modules: ModulesContainer;

beforeAll(async () => {
  const testing = await Test.createTestingModule({ providers: GATEWAYS }).compile();
  modules = testing.get(ModulesContainer);
});

const at = (address: Partial<GatewayAddress>): string[] =>
  gatewaysAt(modules, { port: 0, path: undefined, namespace: undefined, ...address }).map(
    ({ type }) => type.name,
  );

describe('the gateways of one server', () => {
  it('are those that Nest connects to it', () => {
    expect(at({})).toEqual(['RootGateway', 'SlashGateway']);
    expect(at({ namespace: '/chat' })).toEqual(['ChatGateway', 'SlashChatGateway', 'HeirGateway']);
    expect(at({ namespace: TEAMS })).toEqual(['TeamGateway']);
    expect(at({ namespace: /^\/team-\d+$/ })).toEqual([]);
    expect(at({ path: '/live' })).toEqual(['LiveGateway']);
    expect(at({ path: 'live' })).toEqual(['OtherLiveGateway']);
    expect(at({ port: 8081 })).toEqual(['OwnPortGateway']);
    expect(at({ port: 8082 })).toEqual([]);
  });
});
