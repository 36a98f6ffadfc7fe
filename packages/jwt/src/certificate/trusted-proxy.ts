import { checkOptions, headerField, kind, type OptionShape, type WireRequest } from '@countersign/core'

/** From whom a header field with a certificate is believed. */
export interface TrustedProxyOptions {
  /**
   * Whether a request came from the proxy that writes the field, for instance by the address of its connection:
   * `({ socket }) => socket?.remoteAddress === '10.0.0.7'`. Not by `ip`, which may be what a header field says.
   */
  readonly trusted: (request: WireRequest) => boolean
  /** Whether the proxy accepts certificates of its CAs only. `tls_client_auth` needs that. @defaultValue false */
  readonly isAuthorized?: boolean
}

/** What each of the options must be. */
export const trustedProxyShape: OptionShape<TrustedProxyOptions> = { trusted: kind.required(kind.func), isAuthorized: kind.flag }

/** Checks options, and gives them back with their defaults. */
export function checkedProxy<T extends TrustedProxyOptions>(
  factory: string,
  options: T,
  shape: OptionShape<T>,
): Required<TrustedProxyOptions> {
  checkOptions<T>(factory, options, shape)
  const { trusted, isAuthorized = false } = options
  return {
    isAuthorized,
    trusted(request) {
      const answer: unknown = trusted(request)
      // A promise taken for a value would be a yes.
      if (typeof answer !== 'boolean') throw new TypeError(`${factory}: trusted must return true or false, got ${typeof answer}`)
      return answer
    },
  }
}

/** The text of a field that a trusted proxy sent once; undefined for all else. */
export function trustedField(request: WireRequest, name: string, trusted: TrustedProxyOptions['trusted']): string | undefined {
  const field = headerField(request, name)
  return typeof field === 'string' && trusted(request) ? field : undefined
}
