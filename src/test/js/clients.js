// MQTT.js against the broker: each version, over TLS and over WebSocket, with every quality of service, retained
// messages, a will and a session that is kept. Says one line for each thing that held, and exits 1 with the first that
// did not. Reads what it needs from the environment: HOUSE, as JSON.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'

const house = JSON.parse(process.env.HOUSE)
const ca = readFileSync(house.ca)
let last = 0

function open(way, version, more = {}) {
  const address = way === 'wss' ? `wss://localhost:${house.webPort}/mqtt` : `mqtts://localhost:${house.tlsPort}`
  const client = mqtt.connect(address, {
    ca,
    protocolVersion: version,
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    clientId: `js-${process.pid}-${++last}`,
    username: house.user,
    password: house.password,
    reconnectPeriod: 0,
    connectTimeout: 30_000,
    ...more,
  })
  client.heard = []
  client.on('message', (topic, payload, packet) =>
    client.heard.push(`${topic}|${packet.qos}|${packet.retain}|${payload}`),
  )
  return new Promise((resolve, reject) => {
    client.once('connect', (answer) => resolve(Object.assign(client, { answer })))
    client.once('error', (error) => {
      client.end(true)
      reject(error)
    })
    client.once('close', () => reject(new Error('closed before it was connected')))
  })
}

async function hears(client, expected) {
  for (const end = Date.now() + 30_000; client.heard.length < expected.length && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.deepEqual(client.heard, expected)
}

async function qualities(way, version) {
  const subscriber = await open(way, version)
  const publisher = await open(way, version)
  const expected = []
  for (const qos of [0, 1, 2]) {
    const topic = `m/js/${++last}`
    await subscriber.subscribeAsync(topic, { qos })
    for (let i = 0; i < 5; i++) {
      await publisher.publishAsync(topic, `m${i}`, { qos })
      expected.push(`${topic}|${qos}|false|m${i}`)
    }
    await hears(subscriber, expected)
  }
  await Promise.all([subscriber.endAsync(), publisher.endAsync()])
}

async function retained(way, version) {
  const topic = `m/js/${++last}`
  const publisher = await open(way, version)
  await publisher.publishAsync(topic, 'kept', { qos: 1, retain: true })
  const early = await open(way, version)
  await early.subscribeAsync(topic, { qos: 1 })
  await hears(early, [`${topic}|1|true|kept`])
  await publisher.publishAsync(topic, '', { qos: 1, retain: true })
  const late = await open(way, version)
  await late.subscribeAsync(topic, { qos: 1 })
  await publisher.publishAsync(topic, 'live', { qos: 1 })
  await hears(late, [`${topic}|1|false|live`])
  await Promise.all([publisher, early, late].map((client) => client.endAsync()))
}

async function will(way, version) {
  const topic = `m/js/${++last}`
  const watcher = await open(way, version)
  await watcher.subscribeAsync(topic, { qos: 1 })
  const unlucky = await open(way, version, { will: { topic, payload: 'gone', qos: 1 } })
  unlucky.stream.destroy()
  await hears(watcher, [`${topic}|1|false|gone`])
  await watcher.endAsync()
}

async function session(way, version) {
  const topic = `m/js/${++last}`
  const kept = {
    clientId: `js-kept-${process.pid}-${last}`,
    clean: false,
    ...(version === 5 ? { properties: { sessionExpiryInterval: 3600 } } : {}),
  }
  const first = await open(way, version, kept)
  assert.equal(first.answer.sessionPresent, false)
  await first.subscribeAsync(topic, { qos: 1 })
  await first.endAsync()
  const publisher = await open(way, version)
  await publisher.publishAsync(topic, 'missed', { qos: 1 })
  const again = await open(way, version, kept)
  assert.equal(again.answer.sessionPresent, version !== 3)
  await hears(again, [`${topic}|1|false|missed`])
  await Promise.all([publisher.endAsync(), again.endAsync()])
}

async function token(way, version) {
  const client = await open(way, version, { password: house.token })
  await client.endAsync()
  await assert.rejects(open(way, version, { password: house.token.slice(0, -4) + 'AAAA' }))
}

for (const way of ['tls', 'wss']) {
  for (const version of [3, 4, 5]) {
    for (const scenario of [qualities, retained, will, session, token]) {
      try {
        await scenario(way, version)
      } catch (error) {
        console.error(`failed ${scenario.name} over ${way} in version ${version}`)
        console.error(error)
        process.exit(1)
      }
      console.log(`held ${scenario.name} over ${way} in version ${version}`)
    }
  }
}
process.exit(0)
