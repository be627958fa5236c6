import { createRoot } from 'react-dom/client';
import '../../../shared/style.css';
import { App } from './App';

createRoot(document.querySelector('#app') as HTMLElement).render(<App />);
