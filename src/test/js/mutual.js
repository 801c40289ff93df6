// MQTT.js with a client certificate: connects in MQTT 5.0, says "connack 0" and leaves. Reads what it needs from the
// environment: HOUSE, as JSON.
import { readFileSync } from 'node:fs'
import mqtt from 'mqtt'

const house = JSON.parse(process.env.HOUSE)
const client = mqtt.connect(`mqtts://localhost:${house.port}`, {
  ca: readFileSync(house.ca),
  cert: readFileSync(house.certificate),
  key: readFileSync(house.key),
  minVersion: `TLSv${house.version}`,
  maxVersion: `TLSv${house.version}`,
  protocolVersion: 5,
  clientId: `node-${process.pid}`,
  reconnectPeriod: 0,
  connectTimeout: 30_000,
})
client.once('connect', (answer) => {
  console.log(`connack ${answer.reasonCode}`)
  client.removeAllListeners('close')
  client.end(false, () => process.exit(answer.reasonCode))
})
client.once('error', (error) => {
  console.error(error)
  process.exit(1)
})
client.once('close', () => {
  console.error('closed before it was connected')
  process.exit(1)
})
