// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads multipart/form-data as uploads use it, strictly: anything out of place is an error with its reason.
export function parseMultipart(type, bytes) {
  const boundary = /;\s*boundary="?([^";]+)"?/i.exec(type)?.[1]
  if (!boundary) throw new Error('multipart/form-data without a boundary')
  const mark = Buffer.from(`\r\n--${boundary}`)
  const all = Buffer.concat([Buffer.from('\r\n'), bytes])
  const parts = []
  let at = all.indexOf(mark)
  if (at !== 0) throw new Error('the body does not begin with its boundary')
  for (;;) {
    at += mark.length
    if (all.subarray(at, at + 2).toString() === '--') return parts
    if (all.subarray(at, at + 2).toString() !== '\r\n') throw new Error('a boundary is not followed by a line end')
    const next = all.indexOf(mark, at)
    const end = all.indexOf('\r\n\r\n', at)
    if (next < 0) throw new Error('the last boundary is missing')
    if (end < 0 || end > next) throw new Error('a part has no end of its headers')
    const head = all.subarray(at + 2, end).toString('utf8')
    const name = /^content-disposition:\s*form-data;.*\bname="([^"]*)"/im.exec(head)?.[1]
    if (!name) throw new Error('a part has no name')
    parts.push({
      name,
      filename: /\bfilename="([^"]*)"/i.exec(head)?.[1],
      type: /^content-type:\s*(\S+)/im.exec(head)?.[1],
      bytes: all.subarray(end + 4, next),
    })
    at = next
  }
}
