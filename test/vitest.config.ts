import { defineConfig } from 'vitest/config'
import { documentPrograms } from './documents/plugin.js'

// vitest hands these to Node as well: 'import' or 'module' among them would make require() load ES modules.
const conditions = ['@countersign/source', 'node']

export default defineConfig({
  plugins: [documentPrograms],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['**/*.test.ts'],
    // these need a build and have their own configuration
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // Most of the time goes by in waiting: for windows to end, keys to rotate, servers to start.
    maxWorkers: 3,
  },
})
