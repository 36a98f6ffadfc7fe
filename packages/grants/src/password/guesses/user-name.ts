/** Accents, and what is not seen at all: a data base may find the same user without them. */
const unweighted = /[\u0300-\u036f]|\p{Default_Ignorable_Code_Point}/gu

/**
 * One spelling of a user name, for counting its attempts: compatibility forms, case, accents, invisible characters and
 * surrounding space do not make another name. The authenticator gets the name as it was sent.
 */
export function countedName(username: string): string {
  const plain = username.normalize('NFKD').replaceAll(unweighted, '').trim()
  // Upper case first: it also folds what lower case alone leaves apart, such as sharp s.
  return plain.toUpperCase().toLowerCase().normalize('NFKC')
}
