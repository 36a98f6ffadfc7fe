/** @type {import('jest').Config} */
module.exports = {
  transform: {
    '/node_modules/(@countersign|jose)/.+\\.js$': [
      'babel-jest',
      { configFile: false, babelrc: false, plugins: ['@babel/plugin-transform-modules-commonjs'] },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!\\.pnpm/|@countersign/|jose/)'],
}
