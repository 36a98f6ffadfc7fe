import { Socket } from 'node:net'

// Loaded before the app: as on a machine where nothing listens at Redis's port.
const { connect } = Socket.prototype

Socket.prototype.connect = function connectElsewhere(...args) {
  const { port } = [args[0]].flat()[0] ?? {}
  if (port !== 6379) return connect.apply(this, args)
  process.nextTick(() => this.destroy(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' })))
  return this
}
