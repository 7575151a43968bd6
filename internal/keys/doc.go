// Package keys is the only place that builds or parses the keys of items,
// and that names stored attributes. What it returns is stored in tables and
// must never change meaning; testdata/keys.golden catches accidents.
//
//	item                 PK                     SK
//	config               CONFIG                 DENORMALIZE_TAGS, DENORMALIZE_TAGS#EXP#<id>, TTL_POLICY, FTS_TRIGRAM_FIELDS, GC#<workspace>
//	id sequence          SEQ                    EXPERIMENT
//	workspace            WORKSPACES             <name>
//	experiment           W EXP#<id>             META
//	experiment, overflow W EXP#<id>             TAG#<key>
//	experiment name      W NAMES                EXP#<name>
//	experiment lists     W EXPS                 C#<created, descending>#<id>, U#<updated, descending>#<id>
//	run, head            W RUN#<id>             META
//	run, latest metrics  W RUN#<id>             METRICS, METRICS#<shard>
//	run, overflow        W RUN#<id>             PARAM#<key>, TAG#<key>, INPUT#<key>, MODEL#<key>, OUTPUT#<key>
//	logged model         W LMODEL#<id>          META
//	logged model, overflow W LMODEL#<id>        PARAM#<key>, TAG#<key>, M#<content>
//	logged models        W EXP#<id>#MODELS      C#<created, descending>#<id>, R#<source run>#<created, descending>#<id>, D#<created, descending>#<id>
//	dataset bodies       W EXP#<id>#DATA        <dataset>, <dataset>#<content>#<chunk>
//	dataset uses         W EXP#<id>#USES        <dataset>, <dataset>#<context>
//	metric history       W HIST#<run id>        R#<step>#<content>, B#<key>#<level and span>#<step>#<content>
//	run list             W EXP#<id>#RUNS        <start time, descending>#<run id>
//	open runs            W EXP#<id>#OPEN        O#<run id>#<generation>
//	settled lately       W EXP#<id>#OPEN        C#<time>#<run id>#<generation>
//	deleted runs         W EXP#<id>#DELETED     <start time, descending>#<run id>
//	run index            W EXP#<id>#IX#m#<key>  <metric>#<place>, place: <start time, descending>#<run id>
//	                     W EXP#<id>#IX#p#<key>  <text>#<place>; t for tags, a for attributes, d for datasets
//	run trigrams         W EXP#<id>#TRI#<field> <trigram>#<place>
//	experiment trigrams  W TRI#<field>          <trigram>#<created, descending>#<id>
//	model                W NAMES                MODEL#<name>
//	model pointer        W MODEL#<id>           META
//	model, overflow      W MODEL#<id>           O#TAG#<key>, O#ALIAS#<alias>, O#DESC#
//	model version        W MODEL#<id>           V#<version>
//	version, overflow    W MODEL#<id>           P#<uid>#TAG#<key>, P#<uid>#DESC#
//	version index        W MODELS#IX#r#<run id> <model id>#<version>; s for sources
//	model trigrams       W TRI#model_name       <trigram>#<created, descending>#m<id>
//	epoch of users       AUTH                   EPOCH
//	bootstrap            AUTH                   BOOTSTRAP
//	ids of users and roles AUTH#SEQ             USER, ROLE
//	user name            AUTH#N#<name>          META
//	user                 AUTH#U#<user id>       META
//	token                AUTH#U#<user id>       T#<token>
//	credentials          AUTH#C#<user id>       META
//	users                AUTH#USERS             <user id>
//	memberships          AUTH#M#<user id>       <workspace>
//	role ids, given      AUTH#ROLES             <block>
//	epoch of rights      W ACL#<generation>     EPOCH
//	role ids, left       W ACL#<generation>     IDS
//	role                 W ACL#<generation>     R#<role id>
//	role name            W ACL#<generation>     N#<name>
//	deleted roles        W ACL#<generation>     D#<role id>
//	assignments          W ACL#<generation>     A#<role id>#<user id>
//	roles of a user      W ACL#<generation>#U#<user id> META
//	grants of a user     W ACL#<generation>#U#<user id> O*#<type>, OX#<type>#<pattern>
//	grants of a thing    W ACL#<generation>#R#<type>#<pattern> <user id>
//
// W is WS#<workspace>#. Parts that users choose come last in a key and are
// replaced by a hash when they are long, so that no key passes DynamoDB's
// limits: a part p is written as =p, or as ~<hash of p>.
package keys
