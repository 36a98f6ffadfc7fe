export type { PostgresClient, PostgresPool, PostgresQuery, Row } from './driver.js'
export { type MigrationOptions, type MigrationResult, migrate, migrationSql } from './migrate.js'
export { type PostgresStores, type PostgresStoresOptions, postgresStores } from './postgres-stores.js'
export type { SweepOptions, SweepResult, SweptTable } from './sweep.js'
