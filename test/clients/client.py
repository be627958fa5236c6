"""A back end in Python as anybody would write it: requests and PyJWT, and nothing of ours.

usage: client.py URL AUDIENCE EXPECTED_SUBJECT < TOKEN
"""

import sys

import jwt
import requests

url, audience, subject = sys.argv[1:4]
token = sys.stdin.read().strip()

keys = jwt.PyJWKClient(f"{url}/.well-known/jwks.json")


def verify(text):
    key = keys.get_signing_key_from_jwt(text).key
    return jwt.decode(
        text,
        key,
        algorithms=["RS256"],
        audience=audience,
        options={"require": ["exp", "iat", "sub"]},
    )


claims = verify(token)
assert claims["sub"] == subject, claims
assert claims["email"]["address"] == "ada@example.test", claims

head, payload, signature = token.split(".")
for wrong in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}."):
    try:
        verify(wrong)
    except jwt.PyJWTError:
        pass
    else:
        raise AssertionError("a token that was changed is valid")

# Whether the session lives, and who it is: by header, by cookie, by body.
reply = requests.post(f"{url}/sessions/validate", json={"session_token": token}, timeout=10)
assert reply.status_code == 200 and reply.json()["is_valid"] is True, reply.text
reply = requests.get(f"{url}/me", headers={"Authorization": f"Bearer {token}"}, timeout=10)
assert reply.json()["user_id"] == subject, reply.text
session = requests.Session()
session.cookies.set("hanko", token)
reply = session.get(f"{url}/sessions/validate", timeout=10)
assert reply.json()["claims"]["subject"] == subject, reply.text

reply = session.post(f"{url}/logout", timeout=10)
assert reply.status_code == 204, reply.status_code
assert "hanko=; Path=/; Max-Age=0" in reply.headers["Set-Cookie"], reply.headers
reply = requests.post(f"{url}/sessions/validate", json={"session_token": token}, timeout=10)
assert reply.json() == {"is_valid": False}, reply.text
verify(token)  # As with a real Hanko: the signature is still good.
print("ok")
