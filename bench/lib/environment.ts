/**
 * Returns the positive number in an environment variable, or `otherwise` if the variable is not set.
 * @throws Error for any other value
 */
export function numberOf(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise);
  if (!(value > 0)) throw new Error(`${variable} must be a number above 0, not ${process.env[variable]}`);
  return value;
}
