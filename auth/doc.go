// Package auth tells who sends a request: by a user name and a password, an API
// token, a token of an OpenID Connect issuer, or what a trusted proxy says. It
// knows no table; what it needs of users stands in seam.go.
//
// No error and no log record of this package holds a password, a token or a hash.
package auth
