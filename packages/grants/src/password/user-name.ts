/**
 * One spelling of a user name, for counting its attempts: compatibility forms, case and surrounding space do not make another
 * name. The authenticator gets the name as it was sent.
 */
export function countedName(username: string): string {
  // Upper case first: it also folds what lower case alone leaves apart, such as sharp s.
  return username.normalize('NFKC').trim().toUpperCase().toLowerCase().normalize('NFKC')
}
