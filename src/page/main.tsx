import { render } from 'preact';
import { config } from 'zod';
import { App } from './app.tsx';
import './styles/main.css';

// The page's security policy forbids to make code from text, which zod would try.
config({ jitless: true });

const root = document.querySelector('#app');
if (root) render(<App />, root);
