// SPDX-License-Identifier: GPL-3.0-or-later
//
// The smallest TAP producer: tests run one after the other, each with its name; a failure prints its error and the rest go on.
export async function run(tests) {
  console.log(`1..${tests.length}`)
  let failed = 0
  for (const [index, [name, body]] of tests.entries()) {
    try {
      await body()
      console.log(`ok ${index + 1} - ${name}`)
    } catch (error) {
      failed++
      for (const line of String(error.stack ?? error).split('\n')) console.log(`# ${line}`)
      console.log(`not ok ${index + 1} - ${name}`)
    }
  }
  process.exit(failed === 0 ? 0 : 1)
}
