// SPDX-License-Identifier: GPL-3.0-or-later
//
// A style sheet imported as text (the loader's); esbuild puts it in.

declare module '*.css' {
  const text: string;
  export default text;
}
