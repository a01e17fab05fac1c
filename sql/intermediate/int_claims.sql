-- What clients find wrong, as surveys say.
-- grain: one row per source and answer_id
select
    keys.client_key,
    answers.source,
    answers.answer_id,
    answers.date,
    answers.person,
    answers.claim,
    answers.answer
from stg_survey_answers as answers
inner join int_client_keys as keys
    on answers.source = keys.source and answers.client_id = keys.client_id
where answers.claim is not null
