// SPDX-License-Identifier: GPL-3.0-or-later
//
// The table: medians of all rounds, and from the smallest to the largest in brackets.
import { met, ratios, summary } from './rows.mjs'

/** Three digits, and no more zeros than needed. */
export function short(value) {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  const [whole, fraction] = Math.abs(value).toFixed(Math.min(digits, 6)).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${value < 0 ? '-' : ''}${grouped}${fraction ? `.${fraction}` : ''}`
}

function spread(values) {
  const { median, min, max } = summary(values)
  return values.length > 1 ? `${short(median)} (${short(min)}–${short(max)})` : short(median)
}

function verdict(row, judged) {
  if (!row.goal) return ''
  const text = row.goal.ratio ? `ratio ${row.goal.ratio}` : `${row.goal.value}`
  return judged ? `${text}: ${met(row) ? 'met' : 'NOT met'}` : text
}

function cells(row, judged) {
  return [
    `${row.line}, ${row.unit}`,
    spread(row.usher),
    row.baseline ? spread(row.baseline) : '',
    row.baseline ? spread(ratios(row)) : '',
    verdict(row, judged),
  ]
}

/** What one has to know to believe the numbers. */
function printMachine({ cpu, cores, memory, kernel, pinned, load }, isShort) {
  console.log(`${cores} × ${cpu}, ${Math.round(memory / 2 ** 30)} GiB, ${kernel}`)
  console.log(pinned ? `The server is on core ${pinned[0]}, the generator on core ${pinned[1]}.` : 'Server and generator are not pinned to a core each.')
  if (isShort) console.log('Short form: too little work for the numbers to say anything.')
  else if (load > 0.5) console.log(`The machine was not idle (load ${load.toFixed(1)} before): expect worse, and a wide spread.`)
}

export function print(results, { short: isShort, rounds, machine }) {
  const head = ['', 'usher', 'baseline', 'ratio', 'goal']
  const table = results.map((result) => ({ ...result, lines: result.rows.map((row) => cells(row, !isShort)) }))
  const widths = head.map((title, i) =>
    Math.max(title.length, ...table.flatMap(({ lines }) => lines.map((line) => line[i].length))),
  )
  const show = (line) => console.log(line.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd())

  printMachine(machine, isShort)
  console.log(`Medians of ${rounds} paired rounds, and from the smallest to the largest.\n`)
  show(head)
  for (const { name, title, rows, lines, failed } of table) {
    console.log(`\n${name}: ${title}${failed ? `\n  FAILED: ${failed}` : ''}`)
    for (const [i, line] of lines.entries()) {
      show(line)
      const about = [rows[i].baseline && `baseline: ${rows[i].baselineName}`, rows[i].note].filter(Boolean)
      if (about.length > 0) console.log(`    ${about.join('; ')}`)
    }
  }
}
