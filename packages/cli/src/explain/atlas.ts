/** Issuers of the atlas that can be told by their `iss`, with the heading of docs/atlas.md. */
const rows: readonly { readonly heading: string; readonly matches: (iss: string) => boolean }[] = [
  { heading: 'Amazon Cognito, access token', matches: (iss) => /^https:\/\/(issuer-)?cognito-idp\./.test(iss) },
  { heading: 'Microsoft Entra ID v2, delegated access token', matches: (iss) => iss.startsWith('https://login.microsoftonline.com/') },
  { heading: 'Microsoft Entra ID v1, delegated access token', matches: (iss) => iss.startsWith('https://sts.windows.net/') },
  { heading: 'Azure AD B2C, access token', matches: (iss) => /^https:\/\/[^/]+\.b2clogin\.com\//.test(iss) },
  { heading: 'Google, ID token', matches: (iss) => /^(https:\/\/)?accounts\.google\.com$/.test(iss) },
  { heading: 'Firebase Authentication, ID token', matches: (iss) => iss.startsWith('https://securetoken.google.com/') },
  { heading: 'Auth0, access token', matches: (iss) => /^https:\/\/[^/]+\.auth0\.com\/?$/.test(iss) },
  { heading: 'Okta, access token of a custom authorization server', matches: (iss) => /^https:\/\/[^/]+\.okta(preview)?\.com/.test(iss) },
  { heading: 'Keycloak, access token', matches: (iss) => /^https?:\/\/[^/]+(\/auth)?\/realms\/[^/]+$/.test(iss) },
  { heading: 'PingOne, access token', matches: (iss) => iss.startsWith('https://auth.pingone.') },
  { heading: 'WSO2 Identity Server, access token', matches: (iss) => iss.endsWith('/oauth2/token') },
  { heading: 'Zitadel, access token', matches: (iss) => /^https:\/\/[^/]+\.zitadel\.cloud/.test(iss) },
  { heading: 'Sign in with Apple, ID token', matches: (iss) => iss === 'https://appleid.apple.com' },
  { heading: 'Salesforce, JWT access token', matches: (iss) => /^https:\/\/[^/]+\.salesforce\.com/.test(iss) },
  { heading: 'Supabase Auth, access token', matches: (iss) => /^https:\/\/[^/]+\.supabase\.co\/auth\/v1$/.test(iss) },
  { heading: 'Clerk, session token', matches: (iss) => /^https:\/\/([^/]+\.clerk\.accounts\.dev|clerk\.[^/]+)$/.test(iss) },
  { heading: 'GitHub Actions, OIDC token', matches: (iss) => iss.startsWith('https://token.actions.githubusercontent.com') },
  { heading: 'GitLab CI, ID token', matches: (iss) => iss === 'https://gitlab.com' },
  { heading: 'CircleCI, OIDC token', matches: (iss) => iss.startsWith('https://oidc.circleci.com/org/') },
  { heading: 'Amazon EKS, service account token', matches: (iss) => /^https:\/\/oidc\.eks\.[^/]+\.amazonaws\.com\/id\//.test(iss) },
  { heading: 'Kubernetes, service account token', matches: (iss) => iss.startsWith('https://kubernetes.default.svc') },
]

/** The heading of the atlas about an issuer, if its `iss` tells which one it is. */
export function atlasHeading(iss: string): string | undefined {
  return rows.find(({ matches }) => matches(iss))?.heading
}
