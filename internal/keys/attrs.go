package keys

// Names of stored attributes. Stored, must not change.
const (
	Version  = "v"    // schema version of the item
	Rev      = "rev"  // revision of a document
	Writes   = "w"    // ids of the last writes of a document
	Gen      = "gen"  // generation, see the fence in settle.go
	State    = "st"   // StateOpen or StateClosed
	Changed  = "at"   // time of the last change, ms
	Frozen   = "fz"   // 1 once further entries are items of their own
	Mark     = "mark" // a run's own lifecycle mark
	MarkGen  = "mgen" // generation of the experiment that the mark counts in
	By       = "by"   // which Store has written a row
	Indexed  = "ix"   // what a list row's run is indexed under
	Packed   = "row"  // packed copy of a document in a covering row
	ExpID    = "exp"
	RunID    = "run"
	Name     = "name"
	User     = "user"
	Status   = "status"
	Start    = "start"
	End      = "end"
	Artifact = "art"
	Stage    = "stage"
	Created  = "created"
	Deleted  = "deleted"
	Updated  = "updated"
	Tags     = "tags"
	Params   = "params"
	Inputs   = "inputs"
	Models   = "models"
	Outputs  = "outputs"
	Key      = "key"
	Value    = "val"
	Shards   = "shards"
	Points   = "pts"
	LastStep = "last"    // of a block
	MinTime  = "t0"      // of a block, ms
	MaxTime  = "t1"      // of a block, ms
	Content  = "content" // hash of a body
	Chunks   = "chunks"
	Body     = "body"
	Context  = "ctx"
	Next     = "next" // last id given out
	Live     = "live" // generation of a workspace in which things can be made

	// Of registered models and their versions.
	ModelID     = "model"
	Description = "desc"
	Undescribed = "nodesc" // 1: the description was removed
	Aliases     = "aliases"
	LastVersion = "versions" // the highest version ever
	Stages      = "stages"   // what is known of each stage
	Renamed     = "renamed"  // time of the last rename, ms
	Prompts     = "prompts"  // versions ever that are prompts
	Staged      = "staged"   // revision of the model in which a version got its stage
	Source      = "source"
	Location    = "loc" // of a version's artifacts, when its source is another model
	RunLink     = "link"
	LoggedModel = "logged"
	UID         = "uid" // of a version's creation
)

// Of users and what they may do. Stored, must not change.
const (
	Admin       = "admin" // 1: may do everything
	Off         = "off"   // 1: cannot log in
	Gone        = "gone"  // 1: a user whose rows are being removed
	Origin      = "origin"
	Issuer      = "iss"
	Subject     = "sub"
	Password    = "hash" // of a password
	Weak        = "weak" // 1: the password is one that everybody knows
	Digest      = "sha"  // of a token
	Label       = "label"
	LastUse     = "used"   // ms
	ReadOnly    = "ro"     // 1: a token that changes nothing
	Within      = "within" // workspaces that a token is for
	Expires     = "expires"
	RoleID      = "role"
	Roles       = "roles" // ids
	Permissions = "perms"
	Level       = "level"
	Type        = "type"
	Pattern     = "pattern"
	Until       = "until" // last id that may be given out
	Changes     = "log"   // what the last changes were about
	Of          = "ws"    // a workspace
)

// Prefixes of attributes whose rest users choose. Stored, must not change.
const (
	MetricAttr = "m."   // latest value of a metric
	TagAttr    = "tag." // denormalized tag
	LatestAttr = "lv."  // copy of the latest version of a stage
)

// States of a workspace that is not to be made in. Stored, must not change.
const (
	StateChecking = "checking"
	StateDeleting = "deleting"
)

// States of a run's fence. Stored, must not change.
const (
	StateOpen   = "open"
	StateClosed = "closed"
)
