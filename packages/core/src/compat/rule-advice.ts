const ofEntry = 'it belongs to the entry of an issuer, for instance jwks({ … })'

/** Where options of other guards for JWTs went that say what is believed of a token. */
export const ruleAdvice: Readonly<Record<'secret' | 'algorithms' | 'audience' | 'issuer' | 'isRevoked', string>> = {
  secret: 'keys belong to the entry of an issuer: jwks({ … }), jwksRsa({ client, … }) or staticKeys({ secrets, … })',
  algorithms: ofEntry,
  audience: ofEntry,
  issuer: ofEntry,
  isRevoked: 'createGuard has the option revocations',
}
