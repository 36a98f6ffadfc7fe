export { createNewPackage, type NewPackage, type NewPackageOptions } from './new-package.js'
