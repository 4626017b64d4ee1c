// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a measure gives: lines with a number per round, and what is made of them.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const summary = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) })

/** usher / baseline of each round. */
export const ratios = (row) => row.usher.map((value, round) => value / row.baseline[round])

/** Whether a number is what a goal such as "<= 1.5" wants. */
function fits(value, goal) {
  const [, sign, limit] = /^(<=|>=) ([\d.]+)$/.exec(goal) ?? []
  if (!sign) throw new Error(`a goal is "<= NUMBER" or ">= NUMBER", not "${goal}"`)
  return sign === '<=' ? value <= Number(limit) : value >= Number(limit)
}

/** true, false, or null for a line without a goal. */
export function met(row) {
  if (!row.goal) return null
  return row.goal.ratio ? fits(median(ratios(row)), row.goal.ratio) : fits(median(row.usher), row.goal.value)
}

/** Throws when a measure did not give what it has to. */
export function checkRows(measure, rows, { rounds }) {
  const wrong = (row, what) => {
    throw new Error(`${measure.name}: the line "${row?.line}": ${what}`)
  }
  if (!Array.isArray(rows) || rows.length === 0) throw new Error(`${measure.name} gave no lines`)
  for (const row of rows) {
    for (const key of ['line', 'unit']) if (typeof row[key] !== 'string') wrong(row, `${key} is missing`)
    if (row.better !== 'higher' && row.better !== 'lower') wrong(row, 'better is "higher" or "lower"')
    for (const key of row.baseline ? ['usher', 'baseline'] : ['usher']) {
      if (row[key]?.length !== rounds) wrong(row, `${key} has ${row[key]?.length} numbers for ${rounds} rounds`)
      if (!row[key].every(Number.isFinite)) wrong(row, `${key} is not numbers: ${row[key]}`)
    }
    if (row.goal?.ratio && !row.baseline) wrong(row, 'a goal for the ratio needs a baseline')
    met(row)
  }
}
