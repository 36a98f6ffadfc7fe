import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answer, type Behaviour } from '../fake-issuer/issuer-behaviour.js'
import { CognitoFault } from './fault.js'
import type { FakeCognitoInput, FakeCognitoOperation } from './operations.js'

/** An error that calls are answered with. */
export interface FakeCognitoFailure {
  /** `__type`, for instance `TooManyRequestsException`. */
  readonly type: string
  readonly message?: string
  /** @defaultValue 400, and 500 for `InternalErrorException` */
  readonly status?: number
  /** How many calls fail. @defaultValue 1 */
  readonly times?: number
}

/** A call that came in. */
export interface FakeCognitoCall {
  readonly operation: string
  readonly input: FakeCognitoInput
}

/** The JSON protocol of Amazon Cognito on one route. */
export interface FakeCognitoProtocol {
  serve(request: IncomingMessage, response: ServerResponse): void
  readonly calls: readonly FakeCognitoCall[]
  failNext(failure: FakeCognitoFailure, operation?: FakeCognitoOperation): void
  misbehave(behaviour: Behaviour | undefined, operation?: FakeCognitoOperation): void
}

type Operations = Readonly<Record<string, ((input: FakeCognitoInput) => Promise<object>) | undefined>>

const contentType = 'application/x-amz-json-1.1'
const prefix = 'AWSCognitoIdentityProviderService.'

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': contentType, 'x-amzn-requestid': randomUUID(), ...headers }).end(JSON.stringify(body))
}

function sendFault(response: ServerResponse, { type, message, status }: CognitoFault): void {
  const headers = { 'x-amzn-errortype': `${type}:`, 'x-amzn-errormessage': message }
  send(response, status, { __type: type, message }, headers)
}

async function readInput(request: IncomingMessage): Promise<FakeCognitoInput> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || '{}')
  if (typeof body !== 'object' || body === null) throw new CognitoFault('SerializationException', 'an object was expected')
  return body as FakeCognitoInput
}

/** Makes the protocol over the operations of a pool. */
export function createFakeProtocol(operations: Operations): FakeCognitoProtocol {
  const calls: FakeCognitoCall[] = []
  const behaviours = new Map<string, Behaviour>()
  const failures: { readonly fault: CognitoFault; readonly operation: string | undefined; left: number }[] = []

  function nextFailure(operation: string): CognitoFault | undefined {
    const failure = failures.find((one) => one.left > 0 && (one.operation ?? operation) === operation)
    if (failure) failure.left -= 1
    return failure?.fault
  }

  async function run(operation: string, input: FakeCognitoInput): Promise<object> {
    const failure = nextFailure(operation)
    if (failure) throw failure
    const act = Object.hasOwn(operations, operation) ? operations[operation] : undefined
    if (!act) throw new CognitoFault('UnknownOperationException', 'the fake pool does not have this operation')
    return act(input)
  }

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = String(request.headers['x-amz-target'] ?? '')
    if (request.method !== 'POST' || !target.startsWith(prefix)) {
      response.writeHead(404).end()
      return
    }
    const operation = target.slice(prefix.length)
    const input = await readInput(request)
    calls.push({ operation, input })
    const behaviour = behaviours.get(operation) ?? behaviours.get('')
    const work = async (): Promise<void> => {
      try {
        send(response, 200, await run(operation, input))
      } catch (error) {
        const fault = error instanceof CognitoFault ? error : new CognitoFault('InternalErrorException', String(error), 500)
        sendFault(response, fault)
      }
    }
    if (behaviour === undefined) await work()
    else if (behaviour.kind === 'delay') setTimeout(() => void work(), behaviour.milliseconds).unref()
    else answer(request, response, { body: {}, contentType, caching: {} }, behaviour)
  }

  return {
    calls,
    serve(request, response) {
      reply(request, response).catch(() => response.destroy())
    },
    failNext({ type, message = 'as the test wanted', status, times = 1 }, operation) {
      const usual = type === 'InternalErrorException' ? 500 : 400
      failures.push({ fault: new CognitoFault(type, message, status ?? usual), operation, left: times })
    },
    misbehave(behaviour, operation) {
      if (behaviour === undefined) behaviours.delete(operation ?? '')
      else behaviours.set(operation ?? '', behaviour)
    },
  }
}
