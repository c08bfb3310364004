/** A square matrix as rows. */
export type Matrix = readonly (readonly number[])[];

/** The inverse, by Gauss and Jordan with row pivots; undefined if the matrix is singular to rounding. */
export function inverseOf(matrix: Matrix): number[][] | undefined {
  const size = matrix.length;
  const rows = matrix.map((row, index) => [...row, ...row.map((_, column) => (column === index ? 1 : 0))]);
  const scale = Math.max(...matrix.flat().map(Math.abs));
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0)) best = row;
    }
    const pivotRow = rows[best];
    const pivot = pivotRow?.[column] ?? 0;
    if (pivotRow === undefined || Math.abs(pivot) <= 1e-13 * scale) return undefined;
    [rows[best], rows[column]] = [rows[column] ?? [], pivotRow];
    for (let at = 0; at < pivotRow.length; at++) pivotRow[at] = (pivotRow[at] ?? 0) / pivot;
    for (const [row, values] of rows.entries()) {
      const factor = row === column ? 0 : (values[column] ?? 0);
      if (factor === 0) continue;
      for (let at = 0; at < values.length; at++)
        values[at] = (values[at] ?? 0) - factor * (pivotRow[at] ?? 0);
    }
  }
  return rows.map((row) => row.slice(size));
}

/** A matrix times a column. */
export function times(matrix: Matrix, vector: readonly number[]): number[] {
  return matrix.map((row) => row.reduce((sum, value, index) => sum + value * (vector[index] ?? 0), 0));
}
