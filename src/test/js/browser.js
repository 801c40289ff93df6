// A page in headless Chromium connects with MQTT.js by WebSocket over TLS and a token, publishes and hears itself; a page
// of another origin and a page that asks for another path are refused. Says one line for each, exits 1 with the first
// that did not hold. Reads what it needs from the environment: HOUSE, as JSON.
import assert from 'node:assert/strict'
import { X509Certificate, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'

const house = JSON.parse(process.env.HOUSE)
const library = readFileSync(new URL('./node_modules/mqtt/dist/mqtt.min.js', import.meta.url))

/** Serves the page at a port: the library, and nothing else to load. */
async function serve(port) {
  const server = createServer((request, response) => {
    if (request.url === '/mqtt.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(library)
    } else if (request.url === '/') {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>gatehouse</title><script src="/mqtt.js"></script>')
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

/** In the page: connects, subscribes, publishes; what it heard, or why it did not get in. */
function trip({ address, user, token, version }) {
  return new Promise((resolve) => {
    const client = mqtt.connect(address, {
      protocolVersion: version,
      username: user,
      password: token,
      reconnectPeriod: 0,
      connectTimeout: 20_000,
    })
    client.on('connect', async () => {
      await client.subscribeAsync('m/browser/#', { qos: 1 })
      client.publish('m/browser/hello', 'from a page', { qos: 1 })
    })
    client.on('message', (topic, payload) => {
      client.end()
      resolve(`${topic}: ${payload}`)
    })
    client.on('close', () => resolve('closed'))
    client.on('error', (error) => {
      client.end(true)
      resolve(`refused: ${error.message}`)
    })
  })
}

const certificate = new X509Certificate(readFileSync(house.certificate))
const key = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' })).digest('base64')
const page = await serve(house.pagePort)
const stranger = await serve(0)
const browser = await chromium.launch({
  executablePath: house.chromium,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // the authority of these tests is not the browser's; this one key is believed, and no other
    `--ignore-certificate-errors-spki-list=${key}`,
  ],
})
let failed = false
try {
  const visit = async (port, path, version, token = house.token) => {
    const tab = await browser.newPage()
    await tab.goto(`http://localhost:${port}/`)
    const said = await tab.evaluate(trip, {
      address: `wss://localhost:${house.webPort}${path}`,
      user: house.user,
      token,
      version,
    })
    await tab.close()
    return said
  }
  for (const version of [4, 5]) {
    assert.equal(await visit(house.pagePort, '/mqtt', version), 'm/browser/hello: from a page')
    console.log(`held a round trip in version ${version}`)
  }
  assert.match(await visit(house.pagePort, '/mqtt', 5, 'x' + house.token), /refused/)
  console.log('held a forged token is refused')
  assert.equal(await visit(stranger.address().port, '/mqtt', 5), 'closed')
  console.log('held a page of another origin is refused')
  assert.equal(await visit(house.pagePort, '/elsewhere', 5), 'closed')
  console.log('held another path is refused')
} catch (error) {
  console.error(error)
  failed = true
} finally {
  await browser.close()
  page.close()
  stranger.close()
}
process.exit(failed ? 1 : 0)
