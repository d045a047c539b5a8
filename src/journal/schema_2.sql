-- Nothing but indexes: what each tick of a site asks for must not grow with the number of sites.
CREATE INDEX intents_by_site ON intents (site, object, at);
CREATE INDEX intents_of_sequence ON intents (site, sequence);
CREATE INDEX outcomes_by_site ON outcomes (site, object, at);
CREATE INDEX sequences_open ON sequences (site) WHERE ended_at IS NULL;
