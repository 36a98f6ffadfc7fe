export {
  type MountAdapter,
  type MountApp,
  type MountCase,
  type MountRequest,
  type MountRespond,
  mountContract,
} from './mount-contract.js'
