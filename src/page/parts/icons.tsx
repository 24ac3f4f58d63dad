/** Drawn with the colour of the text around them; never the only thing that says something. */
import type { ComponentChildren } from 'preact';

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {children}
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M16 6.5v15M9.5 11h13M7 17.5c0 5 4 8 9 8s9-3 9-8" />
    </svg>
  );
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="m4 4 8 8m0-8-8 8" />
    </Icon>
  );
}

export function PinIcon() {
  return (
    <Icon>
      <path d="M6 2h4M6.5 2v4L4.5 9h7l-2-3V2M8 9v5" />
    </Icon>
  );
}

export function CopyIcon() {
  return (
    <Icon>
      <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="m3 8.5 3.5 3.5L13 4.5" />
    </Icon>
  );
}

export function UploadIcon() {
  return (
    <Icon>
      <path d="M8 10.5v-8m-3 3 3-3 3 3M2.5 10.5v3h11v-3" />
    </Icon>
  );
}

export function RefreshIcon() {
  return (
    <Icon>
      <path d="M13 8a5 5 0 1 1-1.5-3.5M12 2v3H9" />
    </Icon>
  );
}

export function DeleteIcon() {
  return (
    <Icon>
      <path d="M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9" />
    </Icon>
  );
}
