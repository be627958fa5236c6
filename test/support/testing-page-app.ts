import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Module } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MessagePattern } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CurrentUser, HankoModule, type HankoUser, RequireAuth } from 'nestjs-hanko';

@RequireAuth()
@Resolver()
class MeResolver {
  @Query('me')
  me(@CurrentUser() user: HankoUser): string | undefined {
    return user.email?.address;
  }
}

@RequireAuth()
@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('say')
  say(@CurrentUser() user: HankoUser, @MessageBody() text: string): string {
    return `${user.email?.address}: ${text}`;
  }
}

@RequireAuth()
@Controller()
class SumController {
  @MessagePattern('sum')
  sum(numbers: readonly number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }
}

/** The app that the page of tests speaks of. */
@Module({
  imports: [
    HankoModule.forRoot(),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      typeDefs: 'type Query { me: String }',
      playground: false,
    }),
  ],
  controllers: [SumController],
  providers: [MeResolver, ChatGateway],
})
export class AppModule {}
