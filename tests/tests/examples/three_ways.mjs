// Sends the book's functions, each in its vendor's signature, the requests of standard input (JSON), and prints their answers.
import { readFileSync } from 'node:fs'

const [route, lambda, worker] = await Promise.all(process.argv.slice(2).map(path => import(path)))
const requests = JSON.parse(readFileSync(0, 'utf8'))

const web = ({ method, target, body }) =>
  new Request(`http://fn.example${target}`, { method, body, headers: body ? { 'content-type': 'application/json' } : {} })

// As the framework of routes does it: HEAD is GET's, and what has no function is 405.
const routed = request => (route[request.method === 'HEAD' ? 'GET' : request.method] ?? (() => new Response(null, { status: 405 })))(request)

// The event of an HTTP API, payload 2.0.
const event = ({ method, target, body }) => {
  const { pathname, search, searchParams } = new URL(target, 'http://fn.example')
  return {
    version: '2.0',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(search && { queryStringParameters: Object.fromEntries(searchParams) }),
    requestContext: { http: { method, path: pathname } },
    ...(body && { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }),
  }
}

const read = async response => ({ status: response.status, body: await response.text() })

const answers = await Promise.all(
  requests.map(async request => {
    const { statusCode, body = '' } = await lambda.handler(event(request))
    return {
      vercel: await read(await routed(web(request))),
      lambda: { status: statusCode, body },
      workers: await read(await worker.default.fetch(web(request))),
    }
  }),
)
console.log(JSON.stringify(answers))
