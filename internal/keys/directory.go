package keys

import (
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Partitions of users and of what is about all workspaces. Stored, must not change.
const (
	authPK        = "AUTH"
	authSeqPK     = "AUTH#SEQ"
	usersPK       = "AUTH#USERS"
	roleBlocksPK  = "AUTH#ROLES"
	userNamePK    = "AUTH#N#"
	userPK        = "AUTH#U#"
	credentialsPK = "AUTH#C#"
	memberPK      = "AUTH#M#"
	authPrefix    = "AUTH#"
	epochSK       = "EPOCH"
	bootstrapSK   = "BOOTSTRAP"
	userSeqSK     = "USER"
	roleSeqSK     = "ROLE"
	tokenPrefix   = "T#"
)

// Parts of the keys of what decides in one workspace. Stored, must not change.
const (
	aclPart        = "ACL#"
	aclUserPart    = "U#"
	aclObjectPart  = "R#"
	rolePrefix     = "R#"
	roleNamePrefix = "N#"
	assignedPrefix = "A#"
	goneRolePrefix = "D#"
	roleIDsSK      = "IDS"
	grantAny       = "O*#" // before the others
	grantOne       = "OX#"
)

// noGeneration stands for that of a workspace without one. Stored, must not change.
const noGeneration = "0"

// Epoch counts what changes in users and their credentials.
func Epoch() table.Key { return table.Key{PK: authPK, SK: epochSK} }

// Bootstrap says that the first administrator was made.
func Bootstrap() table.Key { return table.Key{PK: authPK, SK: bootstrapSK} }

// UserSequence is the counter of ids of users.
func UserSequence() table.Key { return table.Key{PK: authSeqPK, SK: userSeqSK} }

// RoleSequence is the counter of blocks of ids of roles.
func RoleSequence() table.Key { return table.Key{PK: authSeqPK, SK: roleSeqSK} }

// UserName says which user has a name.
func UserName(name string) table.Key { return table.Key{PK: userNamePK + part(name), SK: Meta} }

// UserPK is the partition of a user's document and tokens.
func UserPK(id int64) string { return userPK + formatID(id) }

// UserDocument is the document of a user.
func UserDocument(id int64) table.Key { return table.Key{PK: UserPK(id), SK: Meta} }

// UserToken is a token of a user, by the part of its id that is its own.
func UserToken(id int64, token string) table.Key {
	return table.Key{PK: UserPK(id), SK: tokenPrefix + token}
}

// UserTokens returns the bounds of the tokens of a user.
func UserTokens(id int64) (pk, from, to string) {
	return UserPK(id), tokenPrefix, table.PrefixEnd(tokenPrefix)
}

// UserCredentials is what a user is recognised by.
func UserCredentials(id int64) table.Key {
	return table.Key{PK: credentialsPK + formatID(id), SK: Meta}
}

// UserRow is a user's row in the list of users.
func UserRow(id int64) table.Key { return table.Key{PK: usersPK, SK: Asc(id)} }

// UserRows returns the bounds of the list of users, in the order of their ids.
func UserRows() (pk, from, to string) { return usersPK, "0", "g" }

// Member says that a user may have roles or grants in a workspace. It decides
// nothing.
func Member(user int64, workspace string) table.Key {
	return table.Key{PK: memberPK + formatID(user), SK: workspace}
}

// Members returns the bounds of what [Member] makes of a user.
func Members(user int64) (pk, from, to string) { return memberPK + formatID(user), "0", Last }

// RoleBlock says which workspace a block of ids of roles was given to.
func RoleBlock(block int64) table.Key { return table.Key{PK: roleBlocksPK, SK: Asc(block)} }

// ACL builds the keys of what decides in one workspace of one generation.
type ACL struct{ prefix string }

// ACL returns the key space of a generation of the workspace, "" of one that has
// none.
func (s Space) ACL(generation string) ACL {
	if generation == "" {
		generation = noGeneration
	}
	return ACL{s.prefix + aclPart + generation}
}

// Epoch counts what changes in roles, assignments and grants.
func (a ACL) Epoch() table.Key { return table.Key{PK: a.prefix, SK: epochSK} }

// RoleIDs are the ids that roles may still be given.
func (a ACL) RoleIDs() table.Key { return table.Key{PK: a.prefix, SK: roleIDsSK} }

// Role is the document of a role.
func (a ACL) Role(id int64) table.Key { return table.Key{PK: a.prefix, SK: rolePrefix + Asc(id)} }

// Roles returns the bounds of the documents of the roles of an interval of ids, both
// included, in their order.
func (a ACL) Roles(first, last int64) (pk, from, to string) {
	return a.prefix, rolePrefix + Asc(first), rolePrefix + Asc(last)
}

// RoleName says which role has a name.
func (a ACL) RoleName(name string) table.Key {
	return table.Key{PK: a.prefix, SK: roleNamePrefix + part(name)}
}

// GoneRole says that a role is deleted whose assignments are not all removed.
func (a ACL) GoneRole(id int64) table.Key {
	return table.Key{PK: a.prefix, SK: goneRolePrefix + Asc(id)}
}

// GoneRoles returns the bounds of what [ACL.GoneRole] makes.
func (a ACL) GoneRoles() (pk, from, to string) {
	return a.prefix, goneRolePrefix, table.PrefixEnd(goneRolePrefix)
}

// Assignment says that a user has a role.
func (a ACL) Assignment(role, user int64) table.Key {
	return table.Key{PK: a.prefix, SK: assignedPrefix + Asc(role) + "#" + Asc(user)}
}

// Assignments returns the bounds of the assignments of a role, in the order of the
// ids of users.
func (a ACL) Assignments(role int64) (pk, from, to string) {
	from = assignedPrefix + Asc(role) + "#"
	return a.prefix, from, table.PrefixEnd(from)
}

// UserPK is the partition of the roles and grants of a user.
func (a ACL) UserPK(user int64) string { return a.prefix + "#" + aclUserPart + formatID(user) }

// UserRoles is the document of the roles of a user.
func (a ACL) UserRoles(user int64) table.Key { return table.Key{PK: a.UserPK(user), SK: Meta} }

// AnyPattern stands for all things of a type.
const AnyPattern = "*"

// Grant is what a user may do with one thing of a type, or with all: those are behind
// the roles of the user and before the others.
func (a ACL) Grant(user int64, typ, pattern string) table.Key {
	if pattern == AnyPattern {
		return table.Key{PK: a.UserPK(user), SK: grantAny + typ}
	}
	return table.Key{PK: a.UserPK(user), SK: grantOne + typ + "#" + part(pattern)}
}

// Grants returns the bounds of the grants of a user.
func (a ACL) Grants(user int64) (pk, from, to string) {
	return a.UserPK(user), grantAny, table.PrefixEnd(grantOne) + Last
}

// RightsOf returns the bounds of roles and grants of a user: the roles first, then
// the grants of all of a type, then the others.
func (a ACL) RightsOf(user int64) (pk, from, to string) {
	pk, _, to = a.Grants(user)
	return pk, Meta, to
}

// GrantPK is the partition of the grants of one thing.
func (a ACL) GrantPK(typ, pattern string) string {
	return a.prefix + "#" + aclObjectPart + typ + "#" + part(pattern)
}

// GrantTo is the row of a user among the grants of one thing.
func (a ACL) GrantTo(typ, pattern string, user int64) table.Key {
	return table.Key{PK: a.GrantPK(typ, pattern), SK: Asc(user)}
}

// GrantsTo returns the bounds of the grants of one thing, in the order of the ids of
// users.
func (a ACL) GrantsTo(typ, pattern string) (pk, from, to string) {
	return a.GrantPK(typ, pattern), "0", "g"
}

// ParseGrantTo returns the user that a row among the grants of one thing is of.
func ParseGrantTo(sk string) (user int64, err error) { return ParseAsc(sk) }

// ParseAssignment returns what an assignment is of.
func ParseAssignment(sk string) (role, user int64, err error) {
	rest, ok := strings.CutPrefix(sk, assignedPrefix)
	first, second, inside := strings.Cut(rest, "#")
	if !ok || !inside {
		return 0, 0, ErrMalformed
	}
	if role, err = ParseAsc(first); err != nil {
		return 0, 0, err
	}
	user, err = ParseAsc(second)
	return role, user, err
}

// ParseGoneRole returns the role that a [ACL.GoneRole] is of.
func ParseGoneRole(sk string) (int64, error) {
	rest, ok := strings.CutPrefix(sk, goneRolePrefix)
	if !ok {
		return 0, ErrMalformed
	}
	return ParseAsc(rest)
}

// ParseToken returns the own part of the id of a token.
func ParseToken(sk string) (string, error) {
	token, ok := strings.CutPrefix(sk, tokenPrefix)
	if !ok || token == "" {
		return "", ErrMalformed
	}
	return token, nil
}

// classifyAuth classifies what is about users.
func classifyAuth(k table.Key) (Class, bool) {
	switch k {
	case Epoch():
		return Class{Kind: KindEpoch}, true
	case Bootstrap():
		return Class{Kind: KindBootstrap}, true
	case UserSequence(), RoleSequence():
		return Class{Kind: KindAuthSequence}, true
	}
	_, sortable := ParseAsc(k.SK)
	switch k.PK {
	case usersPK:
		return Class{Kind: KindUserRow}, sortable == nil
	case roleBlocksPK:
		return Class{Kind: KindRoleBlock}, sortable == nil
	}
	if name, ok := strings.CutPrefix(k.PK, userNamePK); ok {
		return Class{Kind: KindUserName}, isPart(name, true) && k.SK == Meta
	}
	for prefix, kind := range map[string]Kind{userPK: KindUser, credentialsPK: KindCredentials, memberPK: KindMember} {
		id, ok := strings.CutPrefix(k.PK, prefix)
		if !ok {
			continue
		}
		c := Class{Kind: kind, User: id}
		if token, ok := strings.CutPrefix(k.SK, tokenPrefix); kind == KindUser && ok {
			c.Kind = KindToken
			return c, isDecimal(id) && token != ""
		}
		return c, isDecimal(id) && (kind == KindMember) == (k.SK != Meta)
	}
	return Class{}, false
}

// isDecimal reports whether an id is one that formatID writes.
func isDecimal(id string) bool {
	n, err := strconv.ParseInt(id, 10, 64)
	return err == nil && n > 0 && formatID(n) == id
}

// classifyACL classifies what decides in a workspace.
func classifyACL(rest, sk string) (Class, bool) {
	gen, part, inside := strings.Cut(rest, "#")
	switch {
	case gen == "":
		return Class{}, false
	case !inside:
		return classifyRole(sk)
	}
	if id, ok := strings.CutPrefix(part, aclUserPart); ok {
		c := Class{Kind: KindUserRoles, User: id}
		if sk != Meta {
			c.Kind = KindGrant
		}
		return c, isDecimal(id) && (sk == Meta || isGrant(sk))
	}
	name, ok := strings.CutPrefix(part, aclObjectPart)
	_, pattern, object := strings.Cut(name, "#")
	user, err := ParseGrantTo(sk)
	return Class{Kind: KindGrantTo, User: formatID(user)}, ok && object && isPart(pattern, true) && err == nil
}

// classifyRole classifies what is in the partition of the roles of a workspace.
func classifyRole(sk string) (Class, bool) {
	switch sk {
	case epochSK:
		return Class{Kind: KindACLEpoch}, true
	case roleIDsSK:
		return Class{Kind: KindRoleIDs}, true
	}
	if name, ok := strings.CutPrefix(sk, roleNamePrefix); ok {
		return Class{Kind: KindRoleName}, isPart(name, true)
	}
	if id, ok := strings.CutPrefix(sk, rolePrefix); ok {
		_, err := ParseAsc(id)
		return Class{Kind: KindRole}, err == nil
	}
	if _, err := ParseGoneRole(sk); err == nil {
		return Class{Kind: KindGoneRole}, true
	}
	_, user, err := ParseAssignment(sk)
	return Class{Kind: KindAssignment, User: formatID(user)}, err == nil
}

func isGrant(sk string) bool {
	if typ, ok := strings.CutPrefix(sk, grantAny); ok {
		return typ != ""
	}
	rest, ok := strings.CutPrefix(sk, grantOne)
	typ, pattern, inside := strings.Cut(rest, "#")
	return ok && inside && typ != "" && isPart(pattern, true)
}
