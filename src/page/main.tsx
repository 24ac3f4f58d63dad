import { render } from 'preact';
import './styles/main.css';

const root = document.querySelector('#app');
if (root) render(<h1>Holdfast</h1>, root);
