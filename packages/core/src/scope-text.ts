/**
 * The scope-tokens of a text (RFC 6749 §3.3), split at spaces. What is empty between two spaces, before or after them, is no
 * token: the one rule for the parameter `scope` and for the claims `scope` and `scp`.
 */
export function splitScope(text: string): string[] {
  const tokens = text.split(' ')
  return tokens.includes('') ? tokens.filter((token) => token !== '') : tokens
}
