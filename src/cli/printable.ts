/** C0 and C1 controls, and the marks that turn the direction of writing. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line that is safe to print. Names, labels and messages come from registries that anybody may run, and an escape
 * sequence in one of them could rewrite the screen or the clipboard of whoever lists it.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, '\ufffd');
}
