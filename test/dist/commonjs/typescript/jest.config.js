/** @type {import('jest').Config} */
module.exports = {
  preset: 'ts-jest',
  testMatch: ['<rootDir>/*.test.ts'],
  transform: {
    '/node_modules/(@countersign|jose)/.+\\.js$': [
      'ts-jest',
      { diagnostics: false, tsconfig: { module: 'commonjs', target: 'es2022', allowJs: true, isolatedModules: true } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!\\.pnpm/|@countersign/|jose/)'],
}
