// Three systems asked at once, every second field kept; who asks and why is nobody's business here.
import Fastify from 'fastify'
import { Pool } from 'undici'

const [port, ...systems] = process.argv.slice(2)
const pools = systems.map((p) => new Pool(`http://127.0.0.1:${p}`, { connections: 64 }))
const app = Fastify()

async function asked (pool, body) {
  const answer = await pool.request({
    path: '/ask', method: 'POST', body, headers: { 'content-type': 'application/json' }
  })
  return answer.body.json()
}

function half (row) {
  return Object.fromEntries(Object.entries(row).filter((_, n) => n % 2 === 0))
}

app.post('/ask', async (request) => {
  const body = JSON.stringify(request.body)
  const [resident, tax, welfare] = await Promise.all(pools.map((pool) => asked(pool, body)))
  return {
    resident: half(resident[0]), tax: half(tax.kazei[0]), welfare: half(welfare.JidoTeate[0])
  }
})
await app.listen({ port: Number(port), host: '127.0.0.1', backlog: 1024 })
