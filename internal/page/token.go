package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
)

// Page tokens are URL-safe base64 of: a version byte, 8 bytes that identify
// the query they belong to, and a position in its order. They carry no offset:
// a later page costs what the first one costs, and what is written meanwhile
// neither doubles nor hides anything.
const (
	tokenVersion = 1
	digestSize   = 8
)

// Digest tells the queries apart that tokens belong to.
type Digest [digestSize]byte

// QueryDigest identifies a query by its parts.
func QueryDigest(parts ...string) Digest {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return Digest(h.Sum(nil)[:digestSize])
}

// EncodeToken makes the token of a position in a query.
func EncodeToken(d Digest, position []byte) string {
	b := append([]byte{tokenVersion}, d[:]...)
	return base64.URLEncoding.EncodeToString(append(b, position...))
}

// DecodeToken returns the position of a token that belongs to the query.
func DecodeToken(token string, d Digest) ([]byte, error) {
	b, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return nil, failure.Invalidf("Invalid page token, could not base64-decode")
	}
	if len(b) < 1+digestSize || b[0] != tokenVersion {
		return nil, failure.Invalidf("Invalid page token")
	}
	if Digest(b[1:1+digestSize]) != d {
		return nil, failure.Invalidf("Invalid page token: it belongs to another query")
	}
	return b[1+digestSize:], nil
}
