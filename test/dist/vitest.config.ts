import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['dist/*.test.ts'],
    globalSetup: ['dist/packed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
})
