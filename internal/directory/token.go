package directory

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// maxTokens is about how many tokens a user may have: who makes some at the same
// moment may pass it.
const maxTokens = 100

// tokenBytes is how many random bytes the id of a token has.
const tokenBytes = 8

// Token is by what a program is recognised as a user.
type Token struct {
	ID       string // <id of the user>-<random>
	User     int64
	Digest   string // SHA-256 of the secret
	Label    string
	ReadOnly bool
	Within   []string // workspaces that it is for; nil: all
	Created  int64    // ms
	LastUse  int64    // ms, 0: never
	Expires  int64    // epoch seconds, 0: never
}

// CreateToken makes a token of a user and returns it with its id. Atomic. 2 requests, 1
// RCU for each 4 KB of the user's tokens, 6 WCU.
func (s *Store) CreateToken(ctx context.Context, t Token) (Token, error) {
	if err := validateToken(t); err != nil {
		return Token{}, err
	}
	pk, from, to := keys.UserTokens(t.User)
	have, err := table.CountItems(ctx, s.Table, table.Query{PK: pk, From: from, To: to, Limit: maxTokens}, maxTokens)
	if err != nil {
		return Token{}, err
	}
	if have >= maxTokens {
		return Token{}, failure.Invalidf("A user cannot have more than %d tokens.", maxTokens)
	}
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails
	own := hex.EncodeToString(b)
	t.ID, t.Created, t.LastUse = tokenID(t.User, own), s.NowMillis(), 0
	err = s.epoch.commit(ctx, Change{OfAUser, t.User},
		table.Put{Item: t.item(own), Cond: table.Absent()},
		table.Check{Key: keys.UserDocument(t.User), Cond: table.Exists()})
	if failed(err, 1) != nil {
		return Token{}, errNoUserID(t.User)
	}
	return t, err
}

func validateToken(t Token) error {
	switch {
	case len(t.Digest) != 32:
		return failure.Errorf(mlflow.CodeInternalError, "a token has a digest of %d bytes", len(t.Digest))
	case t.Within != nil && len(t.Within) == 0:
		return failure.Invalidf("A token that is for no workspace is for nothing.")
	case len(t.Within) > maxTokens:
		return failure.Invalidf("A token can be for at most %d workspaces.", maxTokens)
	case t.Label == "":
		return nil
	}
	return validateText("Label", t.Label)
}

// tokenID begins with the user, so that a token is found by its id alone.
func tokenID(user int64, own string) string { return strconv.FormatInt(user, 10) + "-" + own }

// parseTokenID is the inverse of tokenID; ok is false for what it never returns.
func parseTokenID(id string) (user int64, own string, ok bool) {
	head, own, ok := strings.Cut(id, "-")
	user, err := strconv.ParseInt(head, 10, 64)
	random, hexErr := hex.DecodeString(own)
	ok = ok && err == nil && hexErr == nil && user > 0 && len(random) == tokenBytes && tokenID(user, own) == id
	return user, own, ok
}

func (t Token) item(own string) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.User, Value: table.Number(t.User)},
		{Name: keys.Digest, Value: table.Bytes(t.Digest)},
		{Name: keys.Created, Value: table.Number(t.Created)},
	}
	if t.Label != "" {
		attrs = append(attrs, table.Attr{Name: keys.Label, Value: table.String(t.Label)})
	}
	if t.Within != nil {
		attrs = append(attrs, table.Attr{Name: keys.Within, Value: table.List(t.Within)})
	}
	attrs = document.AppendExpiry(appendFlag(attrs, keys.ReadOnly, t.ReadOnly), t.Expires)
	return table.NewItem(keys.UserToken(t.User, own), attrs...)
}

func decodeToken(it table.Item) (Token, error) {
	own, err := keys.ParseToken(it.Key.SK)
	if err != nil {
		return Token{}, err
	}
	user := it.Num(keys.User)
	within, _ := it.Get(keys.Within)
	return Token{
		ID: tokenID(user, own), User: user, Digest: it.Str(keys.Digest), Label: it.Str(keys.Label),
		ReadOnly: it.Num(keys.ReadOnly) == 1, Within: within.Strings(), Created: it.Num(keys.Created),
		LastUse: it.Num(keys.LastUse), Expires: it.Num(table.TTLAttr),
	}, document.CheckVersion(it)
}

// FindToken returns a token and the user that it is of; found is false unless there are
// both. 1 request, 2 RCU.
func (s *Store) FindToken(ctx context.Context, id string) (t Token, u *User, found bool, err error) {
	user, own, ok := parseTokenID(id)
	if !ok {
		return Token{}, nil, false, nil
	}
	items, err := s.Table.BatchGet(ctx, []table.Key{keys.UserDocument(user), keys.UserToken(user, own)}, table.Strong)
	if err != nil || len(items) < 2 {
		return Token{}, nil, false, err
	}
	for _, it := range items {
		if it.Key == keys.UserDocument(user) {
			u, err = decodeUser(it)
		} else {
			t, err = decodeToken(it)
		}
		if err != nil {
			return Token{}, nil, false, err
		}
	}
	return t, u, true, nil
}

// Tokens returns the tokens of a user, in no order. 1 RCU for each 4 KB.
func (s *Store) Tokens(ctx context.Context, user int64) ([]Token, error) {
	pk, from, to := keys.UserTokens(user)
	var all []Token
	for it, err := range table.Items(ctx, s.Table, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		t, err := decodeToken(it)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// TouchToken notes that a token was used. It decides nothing and raises no epoch. 1
// request, 1 WCU.
func (s *Store) TouchToken(ctx context.Context, id string) error {
	user, own, ok := parseTokenID(id)
	if !ok {
		return nil
	}
	_, err := s.Table.Update(ctx, table.Update{
		Key: keys.UserToken(user, own), Cond: table.Exists(), Set: []table.Attr{{Name: keys.LastUse, Value: table.Number(s.NowMillis())}},
	})
	if _, gone := document.AsConditionError(err); gone {
		return nil
	}
	return err
}

// RevokeToken removes a token. Atomic. 1 request, 4 WCU.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	user, own, ok := parseTokenID(id)
	if !ok {
		return errNoToken(id)
	}
	err := s.epoch.commit(ctx, Change{OfAUser, user}, table.Delete{Key: keys.UserToken(user, own), Cond: table.Exists()})
	if failed(err, 0) != nil {
		return errNoToken(id)
	}
	return err
}

func errNoToken(id string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Token with id=%s not found", id)
}
