// Lines of CSV (RFC 4180). Spreadsheets take text that begins with =, +, - or @ for a formula, also behind blanks and in the
// wide forms of East Asian scripts, and some a tab or line end at the start; names and paths come from whoever is in the
// cluster. Such text gets a quote in front, which spreadsheets hide.

const formula = /^(?:[\t\r\n]|\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u;

/** One record with its line end. Numbers stand as they are. */
export function csvRecord(values: readonly (string | number)[]): string {
  return `${values.map(cell).join(',')}\r\n`;
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
