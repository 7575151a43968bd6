package auth

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// werkzeugHashes were made by werkzeug 3.1.8: generate_password_hash of
// foreignPassword.
func werkzeugHashes() []string {
	return []string{
		"scrypt:32768:8:1$iwiUM7r9q1CkqI0b$0481b88b299e30b5363634b49f74fb002413d06bb7ac2703832ced0e62c1232dc0def03a068f87a4df8e444861481c6f3027c7b4a8ae973d0257cf0fa53218b8",
		"pbkdf2:sha256:600000$UxpoQJCqdtIShIaI$6131d8cc27619fc38b832dad42932526f79fa1e3c135519a7708fd0db54d5264",
		"pbkdf2:sha256:1000$1PZXEknHeoJjNXSr$33a7d13192c7ffe373eb2f6b4bd52e59c96a273e7c0404ded8a66170e0a97e34",
	}
}

const foreignPassword = "correct horse ü staple"

// TestForeignHashes: hashes of MLflow's users are read, and want to be replaced.
func TestForeignHashes(t *testing.T) {
	t.Parallel()
	for _, h := range werkzeugHashes() {
		ok, err := VerifyPassword(h, foreignPassword)
		require.NoError(t, err)
		require.True(t, ok, h)
		ok, err = VerifyPassword(h, foreignPassword+" ")
		require.NoError(t, err)
		require.False(t, ok, h)
		require.True(t, NeedsRehash(h))
	}
	// From the tests of the reference implementation of argon2.
	ok, err := VerifyPassword("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password")
	require.NoError(t, err)
	require.True(t, ok)
}

// TestHashPassword: a hash is of its password and no other, differs each time, and
// is as new ones are.
func TestHashPassword(t *testing.T) {
	t.Parallel()
	a, b := HashPassword(rightPassword), HashPassword(rightPassword)
	require.NotEqual(t, a, b)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, a)
	require.False(t, NeedsRehash(a))
	for password, want := range map[string]bool{rightPassword: true, wrongPassword: false, "": false} {
		ok, err := VerifyPassword(a, password)
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	require.False(t, NeedsRehash(dummyHash))
	ok, err := VerifyPassword(dummyHash, rightPassword)
	require.NoError(t, err)
	require.False(t, ok)
}

// TestHashBounds: what would take much memory or time is refused before it does.
func TestHashBounds(t *testing.T) {
	t.Parallel()
	key, salt := strings.Repeat("A", 43), strings.Repeat("A", 22)
	hex := strings.Repeat("0", 64)
	for _, h := range []string{
		"", "$", "plain", "scrypt", "scrypt:32768:8:1", "scrypt:32768:8:1$salt", "scrypt:32768:8:1$$" + hex,
		"scrypt:32768:8:1$salt$" + hex[:30], "scrypt:32768:8:1$salt$" + hex + "zz", "scrypt:32768:8:1$salt$" + strings.Repeat("0", 130),
		"scrypt:1073741824:8:1$salt$" + hex, "scrypt:131072:32:1$salt$" + hex, "scrypt:32768:8:16$salt$" + hex,
		"scrypt:32767:8:1$salt$" + hex, "scrypt:1:8:1$salt$" + hex, "scrypt:-2:8:1$salt$" + hex, "scrypt:032768:8:1$salt$" + hex,
		"scrypt:32768:8:1:1$salt$" + hex, "scrypt:32768:8$salt$" + hex, "scrypt:32768:0:1$salt$" + hex,
		"scrypt:9223372036854775808:8:1$salt$" + hex, "md5$salt$" + hex,
		"pbkdf2:sha256:2000001$salt$" + hex, "pbkdf2:sha256:0$salt$" + hex, "pbkdf2:sha256$salt$" + hex, "pbkdf2:md5:1000$salt$" + hex,
		"$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + key, "$argon2id$v=19$m=131073,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=1000,p=1$" + salt + "$" + key, "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=255$" + salt + "$" + key, "$argon2id$v=19$m=4,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key, "$argon2id$m=19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2$" + salt + "$" + key, "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1$AAAA$" + key, "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAA",
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "$", "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("A", 2000),
	} {
		ok, err := VerifyPassword(h, rightPassword)
		require.ErrorIs(t, err, errHash, h)
		require.False(t, ok)
		require.True(t, NeedsRehash(h), h)
	}
}

// TestCheckPassword: MLflow's rule and text, an upper bound, and nothing that
// would be taken for a token.
func TestCheckPassword(t *testing.T) {
	t.Parallel()
	token, _ := MakeToken("1")
	for _, tt := range []struct{ name, password, want string }{
		{"eleven characters", "üüüüüüüüüüü", "Password must be at least 12 characters."},
		{"empty", "", "Password must be at least 12 characters."},
		{"twelve characters", "üüüüüüüüüüüü", ""},
		{"most bytes", strings.Repeat("x", 1024), ""},
		{"too many bytes", strings.Repeat("x", 1025), "Password must be at most 1024 bytes."},
		{"not UTF-8", strings.Repeat("\xff", 12), "Password must be valid UTF-8."},
		{"a token", token, "Password must not have the form of an API token."},
		{"almost a token", token + "x", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := CheckPassword(tt.password)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, &mlflow.Error{Code: mlflow.CodeInvalidParameterValue, Message: tt.want}, err)
		})
	}
}

// FuzzParseHash: no hash panics, or passes the bounds.
func FuzzParseHash(f *testing.F) {
	for _, h := range append(werkzeugHashes(), dummyHash, "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc") {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHash(s)
		if err != nil {
			require.Equal(t, errHash, err)
			return
		}
		require.NotNil(t, h.derive)
		require.LessOrEqual(t, len(h.key), maxKey)
		require.GreaterOrEqual(t, len(h.key), minKey)
		var n, r, p, m, cost int
		switch {
		case strings.HasPrefix(s, "scrypt:"):
			_, err = fmt.Sscanf(s, "scrypt:%d:%d:%d$", &n, &r, &p)
			require.NoError(t, err)
			require.LessOrEqual(t, 128*n*r, maxHashMemory)
		case strings.HasPrefix(s, "pbkdf2:"):
			_, err = fmt.Sscanf(s, "pbkdf2:sha256:%d$", &n)
			require.NoError(t, err)
			require.LessOrEqual(t, n, maxPBKDF2)
		default:
			_, err = fmt.Sscanf(s, "$argon2id$v=19$m=%d,t=%d,p=%d$", &m, &cost, &p)
			require.NoError(t, err)
			require.LessOrEqual(t, m<<10, maxHashMemory)
			require.LessOrEqual(t, cost, maxArgonTime)
		}
	})
}
