-- Who calls each client of the call list, never the one who lost him: the manager of a running attempt;
-- for a reason that asks for it the superior of who lost him; for gold and important clients the head, if
-- list.gold_by says so; else somebody whose role it is: who brought him, his own manager, or whoever has
-- the fewest rows so far.
-- grain: one row per client_key
with rows_to_call as (
    select * from int_call_rows
),

clients as (
    select client_key, sales_type, tier, important, manager from dim_clients
),

brought as (
    select client_key, brought_by from int_clients where brought_by is not null
),

people as (
    select manager, role from int_people where in_office
),

gone as (
    select manager from int_people where not in_office
),

known as (
    select count(*) > 0 as has_managers from people
),

-- The nearest in office above each, be he in office himself or not.
superiors as (
    select manager, first_value(superior order by depth) as superior
    from int_superiors
    where in_office
    group by manager
),

roles as (
    select sales_type, role from set_list_roles
),

heads as (
    select manager, first_value(superior order by depth) as head
    from int_superiors
    where role = 'head' and in_office
    group by manager
),

asked as (
    select
        rows_to_call.client_key,
        rows_to_call.order_no,
        case when gone.manager is null then rows_to_call.in_attempt_by else null end
            as in_attempt_by,
        rows_to_call.lost_by,
        coalesce(rows_to_call.lost_by, '') as not_him,
        case
            when
                rows_to_call.hint = 'superior_calls'
                or rows_to_call.reason in ('service_quality', 'conflict', 'chemistry')
                then superiors.superior
            else null
        end as superior,
        case
            when $list_gold_by = 'head' and (clients.tier = 'gold' or clients.important)
                then heads.head
            else null
        end as head,
        clients.manager,
        roles.role,
        -- While nobody knows why he left, the clarifying call is not for his own manager.
        case
            when rows_to_call.reason = 'unknown' and $list_unknown_reason = 'another'
                then clients.manager
            else null
        end as passed_over,
        finders.manager as brought_by,
        owners.manager as own_manager,
        known.has_managers
    from rows_to_call
    inner join clients on rows_to_call.client_key = clients.client_key
    inner join roles on clients.sales_type = roles.sales_type
    cross join known
    left join gone on rows_to_call.in_attempt_by = gone.manager
    left join superiors on rows_to_call.lost_by = superiors.manager
    left join heads on clients.manager = heads.manager
    left join people as owners on clients.manager = owners.manager and roles.role = owners.role
    left join brought on rows_to_call.client_key = brought.client_key
    left join people as finders
        on brought.brought_by = finders.manager and roles.role = finders.role
),

settled as (
    select
        client_key,
        order_no,
        role,
        lost_by,
        passed_over,
        has_managers,
        coalesce(
            case when in_attempt_by <> not_him then in_attempt_by else null end,
            case when superior <> not_him then superior else null end,
            case when head <> not_him then head else null end,
            case
                when brought_by <> not_him and brought_by <> coalesce(passed_over, '')
                    then brought_by
                else null
            end,
            case
                when own_manager <> not_him and own_manager <> coalesce(passed_over, '')
                    then own_manager
                else null
            end,
            case when not has_managers and manager <> not_him then manager else null end
        ) as settled
    from asked
),

shared as (
    select
        unnest(
            callers(
                (
                    select
                        array_agg(
                            named_struct(
                                'client_key',
                                client_key,
                                'settled',
                                settled,
                                'role',
                                role,
                                'lost_by',
                                lost_by,
                                'passed_over',
                                passed_over
                            )
                            order by order_no
                        )
                    from settled
                ),
                (
                    select
                        array_agg(
                            named_struct('manager', manager, 'role', role)
                            order by manager
                        )
                    from people
                )
            )
        ) as row_called
),

called as (
    select row_called['client_key'] as client_key, row_called['caller'] as caller from shared
),

final as (
    select
        settled.client_key,
        called.caller,
        case
            when called.caller is not null then null
            when settled.has_managers then 'nobody_in_role'
            else 'no_managers'
        end as caller_missing,
        row_number() over (
            partition by called.caller
            order by settled.order_no
        ) as caller_no
    from settled
    inner join called on settled.client_key = called.client_key
)

select * from final
