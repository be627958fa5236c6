// A back end in Go that has nothing but Go: it verifies a session token by the published keys.
//
// usage: go run client.go URL AUDIENCE EXPECTED_SUBJECT < TOKEN
package main

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"time"
)

type jwks struct {
	Keys []struct{ Kid, Kty, Alg, Use, N, E string }
}

type claims struct {
	Sub       string
	Aud       []string
	Exp       int64
	SessionID string `json:"session_id"`
	Email     struct {
		Address    string
		IsVerified bool `json:"is_verified"`
	}
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func run(url, audience, subject string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	token := strings.TrimSpace(string(text))
	var keys jwks
	if err := get(url+"/.well-known/jwks.json", &keys); err != nil {
		return err
	}
	found, err := verify(token, keys, audience)
	if err != nil {
		return err
	}
	if found.Sub != subject || found.Email.Address != "ada@example.test" || found.SessionID == "" {
		return fmt.Errorf("other claims than expected: %+v", found)
	}
	if _, err := verify(token[:len(token)-8]+"AAAAAAAA", keys, audience); err == nil {
		return errors.New("a token that was changed is valid")
	}
	body, _ := json.Marshal(map[string]string{"session_token": token})
	reply, err := http.Post(url+"/sessions/validate", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	var valid struct {
		IsValid bool   `json:"is_valid"`
		UserID  string `json:"user_id"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&valid); err != nil {
		return err
	}
	if !valid.IsValid || valid.UserID != subject {
		return fmt.Errorf("the session is not valid: %+v", valid)
	}
	return nil
}

func get(url string, into any) error {
	reply, err := http.Get(url)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return json.NewDecoder(reply.Body).Decode(into)
}

func verify(token string, keys jwks, audience string) (*claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("it is no token")
	}
	var header struct{ Alg, Kid string }
	var found claims
	if err := decode(parts[0], &header); err != nil {
		return nil, err
	}
	if err := decode(parts[1], &found); err != nil {
		return nil, err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	for _, key := range keys.Keys {
		if key.Kid != header.Kid || header.Alg != "RS256" || key.Kty != "RSA" {
			continue
		}
		n, _ := base64.RawURLEncoding.DecodeString(key.N)
		e, _ := base64.RawURLEncoding.DecodeString(key.E)
		public := &rsa.PublicKey{
			N: new(big.Int).SetBytes(n),
			E: int(new(big.Int).SetBytes(e).Int64()),
		}
		digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
			return nil, err
		}
		if time.Now().Unix() >= found.Exp {
			return nil, errors.New("it has expired")
		}
		for _, one := range found.Aud {
			if one == audience {
				return &found, nil
			}
		}
		return nil, errors.New("it is for another audience")
	}
	return nil, errors.New("there is no key for it")
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
