// Class-balanced kernel ridge regression on labels that may be soft: what dalbook/learners/ridge.py does. A matrix is
// one typed array, row after row.

/**
 * Coefficients ((R + 1) * C); the last row is the intercept, which is not penalized.
 *
 * @param {Float64Array[]} features m rows of R: how near each clip is to each landmark
 * @param {(i: number, j: number) => number} near the same between two landmarks
 * @param {Float64Array[]} targets m rows of C: how much each clip is of each class
 * @param {ArrayLike<number>} weights m, how much each clip counts
 * @param {number} labels how many there are; the weights are scaled to sum to it
 * @param {{penalty: number, jitter: number}} constants
 */
export function fitRidge(features, near, targets, weights, labels, { penalty, jitter }) {
  const [R, C] = [features[0].length, targets[0].length];
  const shares = targets.map((row, i) => row.map((t) => t * weights[i]));
  const mass = Array.from({ length: C }, (_, c) => shares.reduce((sum, row) => sum + row[c], 0));
  const met = mass.filter((one) => one > 0).length;
  const whole = mass.reduce((sum, one) => sum + one, 0);
  for (const row of shares) row.forEach((s, c) => (row[c] = mass[c] > 0 ? (s * whole) / (met * mass[c]) : 0));
  const rows = shares.map((row) => row.reduce((sum, s) => sum + s, 0));
  const scale = labels / rows.reduce((sum, row) => sum + row, 0);
  const n = R + 1;
  const normal = new Float64Array(n * n); // its lower half
  const right = new Float64Array(n * C);
  features.forEach((feature, i) => {
    if (!rows[i]) return;
    const k = (j) => (j < R ? feature[j] : 1);
    for (let a = 0; a < n; a++) {
      const weighed = k(a) * rows[i] * scale;
      for (let b = 0; b <= a; b++) normal[a * n + b] += weighed * k(b);
      for (let c = 0; c < C; c++) right[a * C + c] += k(a) * shares[i][c] * scale;
    }
  });
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a && a < R; b++) normal[a * n + b] += penalty * near(a, b);
    normal[a * n + a] += jitter;
  }
  return solve(normal, n, right, C);
}

/** Scores of one clip for each of C classes. */
export function predictRidge(coefficients, feature, C) {
  const R = feature.length;
  return Float64Array.from({ length: C }, (_, c) => {
    let score = coefficients[R * C + c];
    for (let j = 0; j < R; j++) score += feature[j] * coefficients[j * C + c];
    return score;
  });
}

/** The solution (n * C) of A X = B by Cholesky's A = L L'; of A the lower half is read, and becomes L. */
export function solve(A, n, B, C) {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = A[i * n + j];
      for (let k = 0; k < j; k++) sum -= A[i * n + k] * A[j * n + k];
      if (i === j && !(sum > 0)) throw new Error("the equations of the ridge have no single solution");
      A[i * n + j] = i === j ? Math.sqrt(sum) : sum / A[j * n + j];
    }
  const X = Float64Array.from(B);
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) X[i * C + c] -= A[i * n + k] * X[k * C + c];
      X[i * C + c] /= A[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) X[i * C + c] -= A[k * n + i] * X[k * C + c];
      X[i * C + c] /= A[i * n + i];
    }
  }
  return X;
}
