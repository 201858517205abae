import { defineConfig } from 'rolldown';

/*
 * The program as it is shipped: `dist/main.js` and one chunk for each thing that is imported when it
 * is needed, so that a start reads only what it uses.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    // The demo runs it as a process of its own.
    'aws-client': 'src/demo/aws-client.ts',
  },
  platform: 'node',
  // A native addon, found by its own package at run time.
  external: ['@napi-rs/keyring'],
  transform: { target: 'node22' },
  output: {
    dir: 'dist',
    format: 'esm',
    // One flat folder: what is found relative to a module is found from every chunk alike.
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    keepNames: true,
    cleanDir: true,
  },
});
