// A certified OIDC provider (oidc-provider) on 127.0.0.1, with keys of its own at each start: started again, it has rotated them.
//
// Beside it, `POST /forge` signs whatever a test wants with the same key, or not at all: what a provider never does.
import { createServer } from 'node:http';
import * as jose from 'jose';
import Provider from 'oidc-provider';

const [port, ...people] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
const jwk = { ...(await jose.exportJWK(privateKey)), use: 'sig', alg: 'RS256' };
jwk.kid = await jose.calculateJwkThumbprint(jwk);
const stranger = (await jose.generateKeyPair('RS256')).privateKey;

const provider = new Provider(issuer, {
  clients: people.map((name) => ({
    client_id: name,
    client_secret: `secret-of-${name}`,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  jwks: { keys: [jwk] },
  extraTokenClaims: (_, token) => ({ groups: [`team-of-${token.clientId}`] }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:trino',
      getResourceServerInfo: (_, resource) => ({
        scope: '',
        audience: resource,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

async function forge(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { claims, alg = 'RS256', signature = '', unknown_key = false, kid = jwk.kid } = JSON.parse(text);
  if (alg === 'none') {
    const part = (value) => jose.base64url.encode(JSON.stringify(value));
    return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${signature}`;
  }
  if (alg === 'HS256') {
    // The public key as if it were a shared secret.
    const { n } = jwk;
    return new jose.SignJWT(claims).setProtectedHeader({ alg, kid }).sign(new TextEncoder().encode(n));
  }
  return new jose.SignJWT(claims).setProtectedHeader({ alg, kid }).sign(unknown_key ? stranger : privateKey);
}

const callback = provider.callback();
createServer((request, response) => {
  if (request.url !== '/forge') return callback(request, response);
  forge(request).then(
    (token) => response.end(token),
    (error) => response.writeHead(500).end(String(error)),
  );
}).listen(Number(port), '127.0.0.1');
